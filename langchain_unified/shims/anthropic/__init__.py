"""The Anthropic wire: plans to the anthropic SDK's arguments and answers back."""
