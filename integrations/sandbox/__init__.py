"""A stateful imitation of Pipedrive and Reply.io over real HTTP, for demo, tests and benchmarks.

Written from the vendors' documents alone. Imports nothing else of this project, so that a misreading by a
connector shows up as a failing test instead of being imitated here.
"""
