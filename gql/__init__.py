"""The contract with frontends: GraphQL over HTTP, as views on the picture."""
