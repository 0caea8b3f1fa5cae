"""Tracing packages that hook the SDK or LangChain, installed for real."""
