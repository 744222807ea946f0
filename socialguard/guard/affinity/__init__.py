"""The wrong-account detector: does a draft read like the account that it is meant for?"""
