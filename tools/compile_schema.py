"""Compile src/hublayer/savedmodel/saved_model.proto to the descriptor that the package loads.

A descriptor, unlike generated Python code, is not tied to one version of the protobuf runtime.
Needs `pip install grpcio-tools`.
"""

from pathlib import Path

from grpc_tools import protoc

FOLDER = Path(__file__).parents[1] / "src" / "hublayer" / "savedmodel"


def main() -> None:
    """Write saved_model.desc beside saved_model.proto."""
    status = protoc.main(
        [
            "protoc",
            f"--proto_path={FOLDER}",
            f"--descriptor_set_out={FOLDER / 'saved_model.desc'}",
            str(FOLDER / "saved_model.proto"),
        ]
    )
    if status:
        raise SystemExit(status)


if __name__ == "__main__":
    main()
