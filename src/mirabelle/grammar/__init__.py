"""Grammars: SRGS and builtin ones become one model with one matcher."""
