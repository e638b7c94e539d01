"""What each target starts from: whole inputs (`SEEDS`), and pieces to put into them (`FRAGMENTS`)."""
