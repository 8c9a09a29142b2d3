"""The pages of notifications: the list, what one wants to be told of, webhooks, deliveries."""
