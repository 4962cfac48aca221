"""SIP: our user agent. Pure transaction and dialog machines, and a thin asyncio shell around them."""
