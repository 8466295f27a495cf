"""The catalogue in Chromium: search, the page of a model, code that one click selects, keyboard, light and dark."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="needs Chromium and its driver: apt-get install chromium chromium-driver"
)
OPTIONS = ["--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1000,1200", "--no-first-run"]
OPTIONS += ["--disable-background-networking", "--disable-component-update"]
if hasattr(os, "geteuid") and os.geteuid() == 0:  # Chromium's sandbox refuses root, which containers run as
    OPTIONS.append("--no-sandbox")


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    """Chromium without a window."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for option in OPTIONS:
        options.add_argument(option)
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture(autouse=True)
def nothing_is_blocked(browser) -> Iterator[None]:
    """Chromium writes into its log whatever the security policy keeps from being shown."""
    yield
    assert browser.get_log("browser") == []


def names(browser: webdriver.Chrome) -> list[str]:
    return [link.text for link in browser.find_elements(By.CSS_SELECTOR, "tbody th > a")]


def text(browser: webdriver.Chrome, selector: str) -> str:
    return browser.find_element(By.CSS_SELECTOR, selector).text


def test_search(browser, hub_url):
    browser.get(hub_url)
    assert text(browser, "h1") == "9 models"
    field = browser.find_element(By.CSS_SELECTOR, "input[type=search]")
    assert browser.find_element(By.CSS_SELECTOR, f"label[for={field.get_attribute('id')}]").text == "Search by name"
    field.send_keys("google ENCODER", Keys.ENTER)
    WebDriverWait(browser, 20).until(lambda driver: "?q=" in driver.current_url)
    assert names(browser) == ["google/bert_encoder"]
    assert browser.find_element(By.ID, "q").get_attribute("value") == "google ENCODER"
    browser.find_element(By.LINK_TEXT, "Show all").click()
    assert len(names(browser)) == 9


def test_from_the_list_to_a_version_and_back(browser, hub_url):
    browser.get(hub_url)
    browser.find_element(By.LINK_TEXT, "team/digits").click()
    assert text(browser, "h1") == "team/digits 10"
    assert "serving_default" in text(browser, "main") and "(?, 6)" in text(browser, "main")
    browser.find_element(By.LINK_TEXT, "2").click()
    assert browser.current_url.endswith("/team/digits/2")
    assert text(browser, "h1") == "team/digits 2"
    browser.find_element(By.LINK_TEXT, "team").click()
    assert names(browser) == ["team/digits"]


def test_one_click_selects_the_code(browser, hub_url):
    browser.get(f"{hub_url}/google/text_embedding")
    browser.find_element(By.ID, "code").click()
    assert browser.execute_script("return window.getSelection().toString()").splitlines() == [
        "import hublayer as hub",
        f'layer = hub.KerasLayer("{hub_url}/google/text_embedding")',
        'outputs = layer(["a short text"])',
    ]


def test_details_open(browser, hub_url):
    browser.get(f"{hub_url}/google/bert_encoder")
    assert "MatMul" not in text(browser, "main") and "BatchMatMulV2" not in text(browser, "main")
    for summary in browser.find_elements(By.TAG_NAME, "summary"):
        summary.click()
    shown = text(browser, "main")
    assert "Softmax" in shown and "saved_model.pb" in shown and "variables/variables.index" in shown


def test_names_are_shown_as_they_are(browser, hub_url):
    browser.get(hub_url)
    browser.find_element(By.PARTIAL_LINK_TEXT, "hostile").click()
    assert text(browser, "h1") == "hostile/<script>alert(1)<∕script>"
    assert "This model cannot be read" in text(browser, "main")


def test_with_the_keyboard(browser, hub_url):
    browser.get(hub_url)
    browser.switch_to.active_element.send_keys(Keys.TAB)
    skip = browser.switch_to.active_element
    assert skip.text == "To the content" and skip.location["x"] >= 0
    skip.send_keys(Keys.ENTER)
    assert browser.current_url.endswith("#content")


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/google/word_tables", "/broken", "/none"])
def test_texts_stand_out(browser, hub_url, mode, path):
    """At least 4.5 to 1, as WCAG 2.2, 1.4.3, asks; the formula is its "contrast ratio"."""
    features = [{"name": "prefers-color-scheme", "value": mode}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get(hub_url + path)
    browser.get_log("browser")  # of /none it tells that it is not there
    found = browser.execute_script(COLOURS)
    assert len(found) > 5
    assert (luminance(found[0][2]) > 0.5) == (mode == "light")
    for shown, front, ground in found:
        one, other = sorted([luminance(front), luminance(ground)])
        assert (other + 0.05) / (one + 0.05) >= 4.5, shown


def test_a_narrow_window_does_not_scroll_sideways(browser, hub_url):
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 360, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    )
    try:
        for path in ("/", "/google/bert_encoder", "/broken"):
            browser.get(hub_url + path)
            assert browser.execute_script("return document.documentElement.scrollWidth") <= 360
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


# Each element with a text of its own: the text, its colour, and the colour of the nearest ground below it.
COLOURS = """
const opaque = c => !/, 0\\)$/.test(c);
return [...document.querySelectorAll("body *")].filter(e =>
  [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.getClientRects().length
).map(e => {
  let g = e;
  while (g.parentElement && !opaque(getComputedStyle(g).backgroundColor)) g = g.parentElement;
  return [e.textContent.trim(), getComputedStyle(e).color, getComputedStyle(g).backgroundColor];
});
"""


def luminance(colour: str) -> float:
    """Relative luminance of ``rgb(r, g, b)``, 0 to 1 (WCAG 2.2)."""
    channels = [float(part) / 255 for part in colour.partition("(")[2].rstrip(")").split(",")[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
