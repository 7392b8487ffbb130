"""How the file proves that nothing in it was changed, lost or hidden by another hand."""
