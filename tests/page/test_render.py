"""The page is one file: nothing in it asks for another, and what it says is escaped."""

import json
import re

import pytest

from lab.page import render
from tests.page.made import html, parts

LARGEST = 15_000_000  # bytes
MOST_LINES = 2500  # of JavaScript


def test_the_page_asks_for_no_other_file_and_every_link_leads_somewhere():
    text = html()
    policy = (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; worker-src blob:"
    )
    assert f'<meta http-equiv="Content-Security-Policy" content="{policy}">' in text
    without = re.sub(r'data:image/png;base64,[\w+/=]+', '', text)
    asked = re.findall(r'(?:src|href)="([^"]*)"', without) + re.findall(r'url\(([^)]*)\)', without)
    assert all(not each or each.startswith('#') for each in asked)
    assert '@import' not in text and '<link' not in text
    assert set(re.findall(r'https?://[\w./]+', without)) <= {'http://www.w3.org/2000/svg'}
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(re.findall(r'id="([^"]+)"', text))
    assert len(text.encode()) < LARGEST


@pytest.mark.parametrize(('part', 'section'), [('kuzu', 'part1'), ('check', 'part2'), ('seq', 'part3')])
def test_a_part_stands_alone(part, section):
    text = render.page({part: parts()[part]}, 'python3 report.py')
    assert re.findall(r'<script type="application/json" id="data-(\w+)">', text) == [part]
    assert re.findall(r'<section id="(part\d)"', text) == [section]


def test_names_are_escaped_and_data_can_be_read_back():
    part = parts()['kuzu']
    names = ['</script>', '<b>', '&', '"', "'", 'f', 'g', 'h', 'i', 'j']
    text = render.page({'kuzu': {**part, 'classes': names, 'view': {**part['view'], 'classes': names}}}, 'x')
    assert '<b>:' not in text
    [data] = re.findall(r'id="data-kuzu">(.*?)</script>', text, re.DOTALL)
    assert json.loads(data)['classes'] == names


def test_every_number_of_the_tables_is_in_the_page():
    text = html()
    for each in parts()['kuzu']['networks']:
        said = f'{each["accuracy"]:.2f}%', f'{each["loss"]:.4f}', f'{each["parameters"]:,}', each['command']
        assert all(number in text for number in said)
    assert all(each['command'] in text for each in parts()['seq']['networks'])


def test_what_computes_touches_no_page_and_every_room_is_in_it():
    rooms = [*render.HERE.glob('static/**/*.js')]
    assert sum(len(room.read_text().splitlines()) for room in rooms) < MOST_LINES
    for room in rooms:
        text = room.read_text()
        assert len(text.splitlines()) <= 300, room
        assert text in html(), room
        if room.parent.name == 'compute':
            assert not re.findall(r'\b(?:document|page|localStorage|location)\b', re.sub(r'//.*', '', text)), room
