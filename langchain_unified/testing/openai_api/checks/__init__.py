"""The checks of an OpenAI request, each in the order the API reports them."""
