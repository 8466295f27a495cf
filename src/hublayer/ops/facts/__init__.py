"""The rows of ops that the op registry does not say enough of, by family."""

from hublayer.ops.facts import control_flow, data_sets, lists, messages, random, tables, values, variables

ROWS = {
    **control_flow.ROWS,
    **data_sets.ROWS,
    **lists.ROWS,
    **messages.ROWS,
    **random.ROWS,
    **tables.ROWS,
    **values.ROWS,
    **variables.ROWS,
}
