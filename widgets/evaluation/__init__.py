"""The evaluation view: ranking, PR curve and AP of a data set, and the pictures behind them."""
