"""The composition root: opens a workspace's parts, hands them to each other, and closes them."""
