"""What a trained recurrent network does, in numbers, words and pictures."""
