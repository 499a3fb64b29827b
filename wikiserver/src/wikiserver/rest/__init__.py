"""The REST APIs. The modules here are shared; `v1` and `v2` add the operations and the shape of answers.

Neither version imports the other, except that the search of v2 answers in the shape of v1.
"""
