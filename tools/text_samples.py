"""The samples that take text and need tensorflow_text: their names, each a module of tools/samples."""

TEXT_SAMPLES = ["bert_preprocess", "fast_bert_preprocess", "albert_preprocess", "sentence_encoder"]
