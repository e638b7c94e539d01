"""Files and folders that are the gateway's own, and who may read them."""
