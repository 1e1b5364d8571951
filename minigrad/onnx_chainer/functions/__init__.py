"""What converters of a program's own are given; ours are in `minigrad.graph.onnx`."""
