"""Publishing: the way of a post from a draft to a receipt, exactly once (DESIGN.md, The way of a post)."""
