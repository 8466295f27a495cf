"""TensorArrays, tensor lists and the stacks of TF1's loops."""

from hublayer.ops.traits import Facts, State, Trait

_ARRAY = Facts(Trait.LOOKS, State.TENSOR_ARRAY)
_LIST = Facts(Trait.LOOKS)
_HANDLE = Facts(state=State.STACK)
_CHANGE = Facts(Trait.WRITES, State.STACK)  # taking from a stack changes it too

ROWS = {
    "Stack": _HANDLE,
    "StackClose": _HANDLE,
    "StackCloseV2": _HANDLE,
    "StackPop": _CHANGE,
    "StackPopV2": _CHANGE,
    "StackPush": _CHANGE,
    "StackPushV2": _CHANGE,
    "StackV2": _HANDLE,
    "TensorArray": _ARRAY,
    "TensorArrayClose": _ARRAY,
    "TensorArrayCloseV3": _ARRAY,
    "TensorArrayConcat": _ARRAY,
    "TensorArrayConcatV3": _ARRAY,
    "TensorArrayGather": _ARRAY,
    "TensorArrayGatherV3": _ARRAY,
    "TensorArrayPack": _ARRAY,
    "TensorArrayRead": _ARRAY,
    "TensorArrayReadV3": _ARRAY,
    "TensorArrayScatter": _ARRAY,
    "TensorArrayScatterV3": _ARRAY,
    "TensorArraySize": _ARRAY,
    "TensorArraySizeV3": _ARRAY,
    "TensorArraySplit": _ARRAY,
    "TensorArraySplitV3": _ARRAY,
    "TensorArrayUnpack": _ARRAY,
    "TensorArrayV2": _ARRAY,
    "TensorArrayV3": _ARRAY,
    "TensorArrayWrite": _ARRAY,
    "TensorArrayWriteV3": _ARRAY,
    "TensorListConcat": _LIST,
    "TensorListConcatLists": _LIST,
    "TensorListConcatV2": _LIST,
    "TensorListElementShape": _LIST,
    "TensorListFromTensor": _LIST,
    "TensorListGather": _LIST,
    "TensorListGetItem": _LIST,
    "TensorListLength": _LIST,
    "TensorListPopBack": _LIST,
    "TensorListPushBack": _LIST,
    "TensorListPushBackBatch": _LIST,
    "TensorListReserve": _LIST,
    "TensorListResize": _LIST,
    "TensorListScatter": _LIST,
    "TensorListScatterIntoExistingList": _LIST,
    "TensorListScatterV2": _LIST,
    "TensorListSetItem": _LIST,
    "TensorListSplit": _LIST,
    "TensorListStack": _LIST,
}
