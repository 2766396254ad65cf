"""Mail: what each author wrote, without the mails quoted below."""
