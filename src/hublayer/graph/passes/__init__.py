"""Passes are functions Graph → Graph (or Function → Function); none changes what a graph computes."""
