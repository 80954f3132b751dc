"""What the scripts of the bench share. Python's standard library only."""
