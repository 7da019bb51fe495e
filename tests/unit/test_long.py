"""What `make test` leaves to `make test-all`."""

#: More would make `make test` less than the test of a change.
MOST = 40


def test_few_tests_are_left_out_and_each_says_why(request):
    marks = {item.nodeid: item.get_closest_marker("long") for item in request.session.items}
    left = {name: mark.args for name, mark in marks.items() if mark}
    assert len(left) <= MOST, sorted(left)
    assert [name for name, why in left.items() if len(why) != 1 or len(str(why[0])) < 10] == []
