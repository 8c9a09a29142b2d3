"""Build contexts, build output, and cleaning up after interrupted builds."""
