"""Reranking: the hits of a search are candidates, which get other scores and another order.

Boosts belong to the search itself: they change the values by which its rows stand in their order. A ranker, or a
function chain, then works on the page that was found. It does so outside of the transaction, for a model may take
seconds.
"""
