"""No post reaches an unconfirmed account: a firm to test in, a model of the rules, terminals."""
