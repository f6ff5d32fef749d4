"""Tables of transitions, one file a flow."""
