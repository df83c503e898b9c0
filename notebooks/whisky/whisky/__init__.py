"""The functions of the whisky analysis: what the notebooks call and the gates test."""
