"""What a finished run says in the formats of other programs: model cards, in-toto statements, figures.

All are pure functions of a run's files. Start with model_card.py.
"""
