"""What makes the model a drop-in for ChatOpenAI: keywords, copies, bindings, counts."""
