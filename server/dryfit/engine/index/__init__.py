"""The project index: for every Python file one small row, for questions that go backwards. `build` is the door."""
