"""Property tests of input matching: whatever comes, the result is right or the error is ours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import hublayer as hub

CALM = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    import exports

    root = tmp_path_factory.mktemp("models")
    layers = {
        name: hub.KerasLayer(exports.dtypes(root / name), signature=name) for name in ("int32", "uint8", "float32")
    }
    layers["dict"] = hub.KerasLayer(exports.dict_in_dict_out(root / "dict"))
    return layers


ARRAYS = hnp.arrays(
    dtype=st.sampled_from(["int8", "uint8", "int16", "int32", "int64", "uint64", "float32", "float64", "bool"]),
    shape=hnp.array_shapes(min_dims=0, max_dims=2, max_side=3),
)


@CALM
@given(array=ARRAYS, name=st.sampled_from(["int32", "uint8", "float32"]))
def test_arrays_come_back_equal_or_are_refused(models, array, name):
    try:
        outputs = models[name](array)
    except hub.InputError as error:
        assert "Expected:" in str(error)
        return
    if name == "float32":
        with np.errstate(over="ignore"):  # float64 beyond float32's range is infinite
            expected = array.astype("float32")
        np.testing.assert_array_equal(outputs, expected)
    else:
        assert [int(x) for x in np.asarray(outputs)] == [int(x) for x in array]


LEAVES = st.none() | st.booleans() | st.integers(-3, 300) | st.floats(-5, 5) | st.text(max_size=3) | st.just(np.ones(2))
NESTS = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner), max_leaves=6
)


@CALM
@given(value=NESTS, name=st.sampled_from(["int32", "float32", "dict"]))
def test_any_nest_is_taken_or_refused_with_our_error(models, value, name):
    layer = models[name]
    try:
        layer(value)
    except hub.InputError as error:
        assert "Came:" in str(error)
