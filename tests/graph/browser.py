"""A few words of the WebDriver protocol, enough to drive a headless Chromium."""

import base64
import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request

CHROMIUM = shutil.which('chromium') or shutil.which('chromium-browser')
DRIVER = shutil.which('chromedriver')
MISSING = None
if CHROMIUM is None or DRIVER is None:
    MISSING = 'needs a browser: apt-get install chromium chromium-driver'
_ELEMENT = 'element-6066-11e4-a52e-4f735466cecf'
KEYS = {
    'ArrowDown': '\ue015',
    'ArrowUp': '\ue013',
    'ArrowLeft': '\ue012',
    'ArrowRight': '\ue014',
    'Enter': '\ue007',
    'Escape': '\ue00c',
    'Backspace': '\ue003',
    'Tab': '\ue004',
}


class Browser:
    """A browser with one page, without a network."""

    def __init__(self, folder, width=1280, height=860, dark=False):
        self._log = open(folder / 'chromedriver.log', 'w')  # noqa: SIM115
        self._process_ = subprocess.Popen(
            [DRIVER, '--port=0'], stdout=subprocess.PIPE, stderr=self._log, text=True
        )
        port = None
        for line in self._process_.stdout:
            if 'started successfully on port' in line:
                port = int(line.rstrip().rstrip('.').split()[-1])
                break
        self._address = f'http://127.0.0.1:{port}'
        arguments = [
            *('--headless', '--no-sandbox', '--disable-gpu', '--disable-quic'),
            *('--no-first-run', '--disable-background-networking', '--disable-sync'),
            *('--disable-component-update', '--disable-dev-shm-usage'),
            *(
                f'--user-data-dir={folder / "profile"}',
                f'--window-size={width},{height}',
            ),
        ]
        if dark:
            arguments.append('--blink-settings=preferredColorScheme=0')
        options = {'binary': CHROMIUM, 'args': arguments}
        wanted = {
            'browserName': 'chrome',
            'goog:chromeOptions': options,
            'goog:loggingPrefs': {'browser': 'ALL', 'performance': 'ALL'},
        }
        session = self._ask('/session', {'capabilities': {'alwaysMatch': wanted}})
        self._address += f'/session/{session["sessionId"]}'

    def _ask(self, path, body=None, method=None):
        data = None if body is None else json.dumps(body).encode()
        method = method or ('GET' if body is None else 'POST')
        request = urllib.request.Request(self._address + path, data, method=method)
        request.add_header('Content-Type', 'application/json')
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                return json.load(answer)['value']
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode()) from None

    def close(self):
        try:
            self._ask('', method='DELETE')
        finally:
            self._process_.terminate()
            self._process_.wait(10)
            self._process_.stdout.close()
            self._log.close()

    def open(self, path):
        self._ask('/url', {'url': path.as_uri()})

    def run(self, script, *args):
        return self._ask('/execute/sync', {'script': script, 'args': list(args)})

    def log(self, kind):
        return self._ask('/se/log', {'type': kind})

    def errors(self):
        """Returns the errors of the console."""
        entries = self.log('browser')
        return [e['message'] for e in entries if e['level'] == 'SEVERE']

    def requests(self):
        """Returns the addresses that the page asked for."""
        messages = [
            json.loads(e['message'])['message'] for e in self.log('performance')
        ]
        return [
            m['params']['request']['url']
            for m in messages
            if m['method'] == 'Network.requestWillBeSent'
            and not m['params']['request']['url'].startswith(
                ('chrome:', 'chrome-untrusted:', 'data:')
            )
        ]

    def press(self, *keys):
        actions = []
        for key in keys:
            value = KEYS.get(key, key)
            actions += [{'type': 'keyDown', 'value': value}]
            actions += [{'type': 'keyUp', 'value': value}]
        self._act({'type': 'key', 'id': 'keyboard', 'actions': actions})

    def type(self, selector, text):
        found = self._ask('/element', {'using': 'css selector', 'value': selector})
        self._ask(f'/element/{found[_ELEMENT]}/value', {'text': text})

    def move(self, x, y):
        self._act(self._mouse([self._to(x, y)]))

    def click(self, x, y, times=1):
        press = [
            {'type': 'pointerDown', 'button': 0},
            {'type': 'pointerUp', 'button': 0},
        ]
        self._act(self._mouse([self._to(x, y), *press * times]))

    def drag(self, start, end):
        down, up = ({'type': f'pointer{w}', 'button': 0} for w in ('Down', 'Up'))
        self._act(self._mouse([self._to(*start), down, self._to(*end), up]))

    def wheel(self, x, y, delta):
        scroll = {'type': 'scroll', 'x': x, 'y': y, 'deltaX': 0, 'deltaY': delta}
        self._act({'type': 'wheel', 'id': 'wheel', 'actions': [scroll]})

    def screenshot(self, path):
        time.sleep(0.1)  # a frame
        path.write_bytes(base64.b64decode(self._ask('/screenshot')))

    def _act(self, source):
        self._ask('/actions', {'actions': [source]})

    @staticmethod
    def _to(x, y):
        return {'type': 'pointerMove', 'duration': 0, 'x': round(x), 'y': round(y)}

    @staticmethod
    def _mouse(actions):
        return {'type': 'pointer', 'id': 'mouse', 'actions': actions}
