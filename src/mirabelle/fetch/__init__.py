"""HTTP fetches to addresses that customers name: bounded, and refused where they lead inside."""
