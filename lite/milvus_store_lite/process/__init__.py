"""What the engine asks of the process it runs in: its cores, and how its threads wait."""
