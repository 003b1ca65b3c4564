"""What the network says of one sample."""
