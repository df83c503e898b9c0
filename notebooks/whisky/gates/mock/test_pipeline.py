"""The whole way on generated tables."""

from whisky import mock, summary, table, training


def test_the_whole_way_works_on_generated_data():
    clean, _ = table.clean(*mock.delivery(whiskies=70, seed=1))
    figures = summary.metrics(clean, training.train(clean, "euclidean", "none"))
    assert figures["precision_at_5"] > 2 * figures["precision_at_random"]
