"""From text to tags: sentences, rules, status, classifier, tagger."""
