"""A streamer and players made of Python alone: real signalling and real media without Unreal or a GPU."""
