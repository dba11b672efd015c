"""The playground: a member asks as a contact would, and sees every step of the answer."""
