"""What the control process does for its workers and operators, one desk per subject.

Workers ask and tell by messages: `answers` gives each question to its desk, `runtime/control_plane` everything else.
Start reading there. `limits` and `releases` have several desks each; commands come in through `operator_desk`.
"""
