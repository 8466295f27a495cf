"""Compile the package's .proto files to the descriptors that it loads.

A descriptor, unlike generated Python code, is not tied to one version of the protobuf runtime.
Needs `pip install grpcio-tools`.
"""

from pathlib import Path

from grpc_tools import protoc

PACKAGE = Path(__file__).parents[1] / "src" / "hublayer"
SCHEMAS = [
    PACKAGE / "savedmodel" / "saved_model.proto",
    PACKAGE / "lowering" / "xla_dimension_numbers.proto",
    PACKAGE / "host" / "example.proto",
]


def main() -> None:
    """Write a .desc beside each .proto."""
    for schema in SCHEMAS:
        arguments = [f"--proto_path={schema.parent}", f"--descriptor_set_out={schema.with_suffix('.desc')}"]
        status = protoc.main(["protoc", *arguments, str(schema)])
        if status:
            raise SystemExit(status)


if __name__ == "__main__":
    main()
