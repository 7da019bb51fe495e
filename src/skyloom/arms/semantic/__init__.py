"""The science of the semantic arm: networks that fit galaxy profiles without being shown labels."""
