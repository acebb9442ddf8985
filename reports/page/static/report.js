"use strict";
(function () {
  var tools = document.getElementById("tools"), words = tools.dataset;

  // Fragment links do nothing in a sandboxed blob frame: move the view and the focus ourselves.
  function go(id) {
    var target = document.getElementById(id);
    if (!target) return false;
    for (var up = target; up; up = up.parentElement) if (up.tagName === "DETAILS") up.open = true;
    var heading = target.tagName === "SECTION" ? target.querySelector("h1,h2") : target;
    if (heading.tagName === "DETAILS") heading = heading.querySelector("summary");
    if (!heading.hasAttribute("tabindex") && heading.tagName !== "SUMMARY") heading.tabIndex = -1;
    target.scrollIntoView();
    heading.focus({ preventScroll: true });
    return true;
  }
  document.addEventListener("click", function (event) {
    var link = event.target.closest && event.target.closest('a[href^="#"]'), to = link && link.getAttribute("href");
    if (!to || !at(to)) return;
    event.preventDefault();
    try { history.pushState(null, "", to); } catch (sandboxed) { }
  });
  function at(hash) { return go(decodeURIComponent(hash.slice(1))); }
  function here() { at(location.hash); }
  try { history.scrollRestoration = "manual"; } catch (sandboxed) { }
  window.addEventListener("popstate", here);
  here();

  // The section in view is marked in the contents.
  var links = {};
  document.querySelectorAll("nav.contents a").forEach(function (a) { links[a.getAttribute("href").slice(1)] = a; });
  if ("IntersectionObserver" in window) {
    var watcher = new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) {
        if (!entry.isIntersecting) return;
        Object.keys(links).forEach(function (id) { links[id].removeAttribute("aria-current"); });
        if (links[entry.target.id]) links[entry.target.id].setAttribute("aria-current", "true");
      });
    }, { rootMargin: "-10% 0px -80% 0px" });
    document.querySelectorAll("main > .chapter").forEach(function (section) { watcher.observe(section); });
  }

  // A box that scrolls can be reached by keyboard.
  function reach() {
    document.querySelectorAll(".wide,.art,pre,.full").forEach(function (box) {
      if (box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    });
  }
  var waiting = 0;
  function later() { clearTimeout(waiting); waiting = setTimeout(reach, 100); }
  window.addEventListener("resize", later);
  document.addEventListener("toggle", later, true);
  later();

  // Open all. Paper shows what is open.
  var all = Array.prototype.slice.call(document.querySelectorAll("details"));
  function make(tag, into, text) {
    var made = document.createElement(tag);
    if (tag === "button") made.type = "button";
    if (text) made.textContent = text;
    if (into) into.appendChild(made);
    return made;
  }
  var button = make("button", tools, words.open);
  button.addEventListener("click", function () {
    var open = button.textContent === words.open;
    all.forEach(function (d) { d.open = open; });
    button.textContent = open ? words.close : words.open;
  });

  // Claims: copy a link or the text, and step with j and k.
  function copy(text, button, before) {
    function done() { button.textContent = words.copied; setTimeout(function () { button.textContent = before; }, 1500); }
    try { navigator.clipboard.writeText(text).then(done, select); } catch (refused) { select(); }
    function select() {
      var area = make("textarea", document.body, text);
      area.select();
      try { if (document.execCommand("copy")) done(); } catch (refused) { }
      area.remove();
      button.focus();
    }
  }
  document.querySelectorAll(".ways").forEach(function (place) {
    var claim = place.closest("details.card"), link = claim && make("button", place, words.link), text = make("button", place, words.copy);
    if (link) link.addEventListener("click", function () { copy(location.href.split("#")[0] + "#" + claim.id, link, words.link); });
    text.addEventListener("click", function () { copy(place.dataset.copied, text, words.copy); });
  });
  document.addEventListener("keydown", function (event) {
    var claim = document.activeElement && document.activeElement.closest && document.activeElement.closest("details.card");
    if (!claim || event.ctrlKey || event.metaKey || event.altKey || !/^[jk]$/.test(event.key)) return;
    var next = claim.querySelector(event.key === "j" ? 'a[rel="next"]' : 'a[rel="prev"]');
    if (next) next.click();
  });

  // Figures to take away: the drawing in plain colours or the picture, and its numbers; linked when they are seen.
  function plain(svg) {
    var copy = svg.cloneNode(true), theme = document.styleSheets[0].cssRules[0].style, rules = {}; // the light one
    Array.prototype.forEach.call(document.styleSheets[0].cssRules, function (rule) {
      var name = /^\.plot \.(\w+)$/.exec(rule.selectorText || "");
      if (name) rules[name[1]] = rule.style.cssText;
    });
    copy.querySelectorAll("[class]").forEach(function (part) {
      part.setAttribute("style", (rules[part.getAttribute("class")] || "") + (part.getAttribute("style") || ""));
      part.removeAttribute("class");
    });
    copy.removeAttribute("class");
    copy.setAttribute("font-family", "sans-serif");
    return new XMLSerializer().serializeToString(copy).replace(/var\((--\w+)\)/g, function (_, name) { return theme.getPropertyValue(name).trim(); });
  }
  function numbers(table) {
    return Array.prototype.map.call(table.rows, function (row) {
      return Array.prototype.map.call(row.cells, function (cell) {
        var text = cell.textContent.trim().replace(/\s+/g, " ");
        return '"' + (/^[=+@]/.test(text) ? "'" : "") + text.replace(/"/g, '""') + '"';
      }).join(",");
    }).join("\n") + "\n";
  }
  function take(figure) {
    var svg = figure.querySelector("svg.plot"), image = figure.querySelector("img.pixels"), table = figure.querySelector("details.numbers table");
    var place = make("p", figure.querySelector("figcaption"));
    place.className = "take";
    function offer(word, suffix, content) {
      var link = make("a", place, word);
      link.download = figure.id + suffix;
      link.setAttribute("aria-label", word + ": " + figure.id);
      link.href = "#" + figure.id;
      link.addEventListener("click", function () { link.href = content(); }, true);
    }
    if (svg) offer("SVG", ".svg", function () { return "data:image/svg+xml," + encodeURIComponent(plain(svg)); });
    else if (image) offer(image.src.slice(11, 14) === "png" ? "PNG" : "WebP", image.src.slice(11, 14) === "png" ? ".png" : ".webp", function () { return image.src; });
    if (table) offer("CSV", ".csv", function () { return "data:text/csv;charset=utf-8," + encodeURIComponent(numbers(table)); });
  }
  function offerSeen(within) {
    within.querySelectorAll("figure[id]").forEach(function (figure) {
      if (figure.querySelector(".told") && !figure.querySelector(".take") && !figure.parentElement.closest("details:not([open])")) take(figure);
    });
  }
  document.addEventListener("toggle", function (event) { if (event.target.open) offerSeen(event.target); }, true);
  offerSeen(document);

  // Sliders over the strips: every frame is already in the picture.
  document.querySelectorAll("img[data-steps]").forEach(function (image) {
    var steps = Number(image.dataset.steps), spoken = JSON.parse(image.dataset.spoken);
    var side = 112, dial = document.createElement("div"), now = document.createElement("div");
    var box = document.createElement("div"), range = document.createElement("input"), out = document.createElement("output");
    dial.className = "dial";
    now.className = "frame-now";
    now.setAttribute("aria-hidden", "true");
    var height = Math.round(side * image.height * steps / image.width);
    now.style.width = side + "px";
    now.style.height = height + "px";
    now.style.backgroundSize = side * steps + "px " + height + "px";
    range.type = "range";
    range.min = "0";
    range.max = String(steps - 1);
    range.value = String(Math.floor(steps / 2));
    range.setAttribute("aria-label", image.dataset.label);
    function show() {
      var step = Number(range.value), words = spoken[step] || "";
      if (now.style.backgroundImage === "") now.style.backgroundImage = 'url("' + image.src + '")';
      now.style.backgroundPosition = -step * side + "px 0";
      range.setAttribute("aria-valuetext", words);
      out.textContent = words;
    }
    range.addEventListener("input", show);
    show();
    box.appendChild(range);
    box.appendChild(out);
    dial.appendChild(now);
    dial.appendChild(box);
    image.closest(".art").insertAdjacentElement("afterend", dial);
  });

  // Maps: the point under the mouse, or the next one by arrow keys, is ringed everywhere and said.
  function bytes(text) { return Uint8Array.from(atob(text), function (c) { return c.charCodeAt(0); }); }
  document.querySelectorAll("[data-map]").forEach(function (box) {
    var map = JSON.parse(box.dataset.map), places = bytes(map.places), values = bytes(map.values);
    var total = places.length / 2, svg = box.querySelector("svg"), now = -1;
    var files = JSON.parse(box.closest("[data-files]").dataset.files);
    var rings = document.createElement("canvas"), said = document.createElement("p");
    said.className = "point";
    said.setAttribute("role", "status");
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", box.dataset.label);
    box.appendChild(rings);
    box.closest(".art").insertAdjacentElement("afterend", said);
    function corner(panel) {
      return [map.cell[0] * (panel % map.columns) + map.axes[0], map.cell[1] * Math.floor(panel / map.columns) + map.axes[1]];
    }
    function show(point) {
      var wide = svg.clientWidth, high = svg.clientHeight, unit = wide / svg.viewBox.baseVal.width, pen = rings.getContext("2d");
      now = point;
      rings.width = wide;
      rings.height = high;
      pen.lineWidth = 2;
      pen.strokeStyle = getComputedStyle(box).color;
      said.textContent = (files.length ? files[point] + " · " : "") + map.names.map(function (name, panel) {
        var at = corner(panel), scale = map.scales[panel], value = values[panel * total + point];
        pen.beginPath();
        pen.arc((at[0] + places[2 * point] / 255 * map.axes[2]) * unit, (at[1] + (1 - places[2 * point + 1] / 255) * map.axes[3]) * unit, 6, 0, 7);
        pen.stroke();
        return name + " " + (typeof scale[0] === "number" ? Number((scale[0] + (scale[1] - scale[0]) * value / 255).toPrecision(3)) : scale[value]);
      }).join(" · ");
    }
    box.addEventListener("mousemove", function (event) {
      var frame = svg.getBoundingClientRect(), unit = frame.width / svg.viewBox.baseVal.width, best = 150, found = -1;
      var x = (event.clientX - frame.left) / unit, y = (event.clientY - frame.top) / unit;
      var at = corner(Math.floor(x / map.cell[0]) + map.columns * Math.floor(y / map.cell[1]));
      x = (x - at[0]) / map.axes[2] * 255;
      y = (1 - (y - at[1]) / map.axes[3]) * 255;
      for (var i = 0; i < total; i++) {
        var far = (places[2 * i] - x) * (places[2 * i] - x) + (places[2 * i + 1] - y) * (places[2 * i + 1] - y);
        if (far < best) { best = far; found = i; }
      }
      if (found >= 0 && found !== now) show(found);
    });
    var order = [0, 1].map(function (axis) {
      return Array.from({ length: total }, function (_, i) { return i; }).sort(function (a, b) { return places[2 * a + axis] - places[2 * b + axis] || a - b; });
    });
    box.addEventListener("keydown", function (event) {
      var step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowDown: [1, -1], ArrowUp: [1, 1] }[event.key];
      if (!step) return;
      event.preventDefault();
      var line = order[step[0]], place = now < 0 ? total >> 1 : line.indexOf(now) + step[1];
      show(line[Math.min(total - 1, Math.max(0, place))]);
    });
  });

  // A decoder as plain layers over typed arrays; transposed convolutions as four phases of 2x2 taps.
  function unpacked(data) {
    var raw = bytes(data.weights), out = new Float32Array(raw.length / 3 * 2), i = 0;
    data.tensors.forEach(function (one) {
      for (var end = i + one[0]; i < end; i++) {
        var at = (i >> 1) * 3, code = i % 2 ? raw[at + 1] >> 4 | raw[at + 2] << 4 : raw[at] | (raw[at + 1] & 15) << 8;
        out[i] = (code - 2048) * one[1];
      }
    });
    return out;
  }
  function rimmed(x, n, channels) {
    var wide = n + 2, rim = new Float32Array(channels * wide * wide);
    for (var row = 0; row < channels * n; row++) rim.set(x.subarray(row * n, (row + 1) * n), (Math.floor(row / n) * wide + row % n + 1) * wide + 1);
    return rim;
  }
  function upsampled(x, inputs, outputs, w, at) {
    var n = Math.sqrt(x.length / inputs), wide = n + 2, area = wide * wide, rim = rimmed(x, n, inputs), c, y;
    var out = new Float32Array(outputs * 4 * n * n), sum = new Float64Array(n * n), bias = at + inputs * outputs * 16;
    for (var o = 0; o < outputs; o++) for (var phase = 0; phase < 4; phase++) {
      var down = phase >> 1, right = phase & 1;
      sum.fill(w[bias + o]);
      for (c = 0; c < inputs; c++) {
        // The first of two taps a row lies down (0 or 1) in the rimmed map, the second one further.
        var tap = at + (c * outputs + o) * 16, top = tap + (down ? 8 : 12), low = tap + (down ? 0 : 4), near = right ? 2 : 3, far = right ? 0 : 1;
        var a = w[top + near], b = w[top + far], d = w[low + near], e = w[low + far];
        for (y = 0; y < n; y++) {
          var first = c * area + (y + down) * wide + right, second = first + wide, row = y * n;
          for (var j = 0; j < n; j++) sum[row + j] += a * rim[first + j] + b * rim[first + j + 1] + d * rim[second + j] + e * rim[second + j + 1];
        }
      }
      for (y = 0; y < n; y++) for (j = 0; j < n; j++) out[o * 4 * n * n + (2 * y + down) * 2 * n + 2 * j + right] = sum[y * n + j];
    }
    return out;
  }
  function linear(x, inputs, outputs, w, at, places) {
    var out = new Float32Array(outputs * places);
    for (var o = 0; o < outputs; o++) for (var p = 0; p < places; p++) {
      var sum = w[at + inputs * outputs + o];
      for (var i = 0; i < inputs; i++) sum += w[at + o * inputs + i] * x[i * places + p];
      out[o * places + p] = sum;
    }
    return out;
  }
  function attended(x, channels, narrow, w, at) {
    var places = x.length / channels, size = narrow * channels + narrow, out = new Float32Array(x), share = new Float64Array(places);
    var query = linear(x, channels, narrow, w, at, places), key = linear(x, channels, narrow, w, at + size, places);
    var value = linear(x, channels, channels, w, at + 2 * size, places), strength = w[at + 2 * size + channels * channels + channels];
    for (var p = 0; p < places; p++) {
      var most = -Infinity, total = 0;
      for (var q = 0; q < places; q++) {
        share[q] = 0;
        for (var k = 0; k < narrow; k++) share[q] += query[k * places + p] * key[k * places + q];
        share[q] /= Math.sqrt(narrow);
        most = Math.max(most, share[q]);
      }
      for (q = 0; q < places; q++) total += share[q] = Math.exp(share[q] - most);
      for (var c = 0; c < channels; c++) {
        var sum = 0;
        for (q = 0; q < places; q++) sum += share[q] * value[c * places + q];
        out[c * places + p] += strength * sum / total;
      }
    }
    return out;
  }
  function convolved(x, channels, w, at) {
    var n = Math.sqrt(x.length / channels), wide = n + 2, area = wide * wide, rim = rimmed(x, n, channels), c, y;
    var out = new Float32Array(x.length), sum = new Float64Array(n * n), bias = at + channels * channels * 9;
    for (var o = 0; o < channels; o++) {
      sum.fill(w[bias + o]);
      for (c = 0; c < channels; c++) {
        for (var tap = 0; tap < 3; tap++) {
          var k = at + (o * channels + c) * 9 + 3 * tap, a = w[k], b = w[k + 1], d = w[k + 2];
          for (y = 0; y < n; y++) {
            var first = c * area + (y + tap) * wide, row = y * n;
            for (var j = 0; j < n; j++) sum[row + j] += a * rim[first + j] + b * rim[first + j + 1] + d * rim[first + j + 2];
          }
        }
      }
      out.set(sum, o * n * n);
    }
    return out;
  }
  function normed(x, channels, groups, w, at) {
    var size = x.length / groups, places = x.length / channels, out = new Float32Array(x.length);
    for (var g = 0; g < groups; g++) {
      var sum = 0, square = 0;
      for (var i = g * size; i < (g + 1) * size; i++) { sum += x[i]; square += x[i] * x[i]; }
      var mean = sum / size, scale = 1 / Math.sqrt(square / size - mean * mean + 1e-5);
      for (i = g * size; i < (g + 1) * size; i++) {
        var c = Math.floor(i / places);
        out[i] = (x[i] - mean) * scale * w[at + c] + w[at + channels + c];
      }
    }
    return out;
  }
  function positive(x) { return x.map(function (v) { return v > 0 ? v : 0; }); }
  function residual(x, channels, groups, w, at) {
    var branch = x, size = channels * channels * 9 + channels;
    for (var half = 0; half < 2; half++) {
      branch = convolved(branch, channels, w, at);
      at += size;
      if (groups) { branch = normed(branch, channels, groups, w, at); at += 2 * channels; }
      if (!half) branch = positive(branch);
    }
    return positive(x.map(function (v, i) { return v + w[at] * branch[i]; }));
  }
  function decoderOf(data) {
    var w = unpacked(data);
    return function (code) {
      var x = Float32Array.from(code), at = 0;
      data.layers.forEach(function (layer) {
        var kind = layer.kind, i, out, n;
        if (kind === "linear") out = linear(x, layer.inputs, layer.outputs, w, at, 1);
        else if (kind === "up") out = upsampled(x, layer.inputs, layer.outputs, w, at);
        else if (kind === "attention") out = attended(x, layer.channels, layer.narrow, w, at);
        else if (kind === "residual") out = residual(x, layer.channels, layer.groups, w, at);
        else if (kind === "relu") out = positive(x);
        else if (kind === "sigmoid") out = x.map(function (v) { return 1 / (1 + Math.exp(-v)); });
        else if (kind === "noise") { out = new Float32Array(layer.count + x.length); out.set(w.subarray(at, at + layer.count)); out.set(x, layer.count); }
        else if (kind === "tanh") { out = x; for (i = layer.start; i < layer.start + layer.size; i++) out[i] = Math.tanh(out[i] / 2); }
        else if (kind === "softmax") {
          var part = x.subarray(layer.start, layer.start + layer.size), most = Math.max.apply(null, part), total = 0;
          part.forEach(function (v) { total += Math.exp(v - most); });
          out = x;
          for (i = 0; i < part.length; i++) part[i] = 2 * Math.exp(part[i] - most) / total - 1;
        } else {
          n = Math.sqrt(x.length / data.shape[0]);
          var side = layer.side, edge = Math.floor((n - side) / 2), channels = data.shape[0];
          out = new Float32Array(channels * side * side);
          for (i = 0; i < channels * side; i++) out.set(x.subarray((Math.floor(i / side) * n + edge + i % side) * n + edge, (Math.floor(i / side) * n + edge + i % side) * n + edge + side), i * side);
        }
        x = out;
        at += layer.weights;
      });
      return x;
    };
  }

  // The living model: a start, a slider or a choice for each control, the picture, and how usual its code is.
  document.querySelectorAll("[data-decoder]").forEach(function (box) {
    var made = false;
    function live() {
      if (made) return;
      made = true;
      var data = JSON.parse(box.dataset.decoder), decode = box.decode = decoderOf(data), size = data.mean.length;
      var codes = new Float32Array(bytes(data.codes).buffer), readings = new Float32Array(bytes(data.readings).buffer);
      var code, start = 0, moved = null, bench = document.createElement("div"), left = make("div", bench), right = make("div", bench), dials = [];
      bench.className = "bench";
      var canvas = make("canvas", left), bar = make("div", left), said = make("p", right);
      canvas.width = data.shape[2];
      canvas.height = data.shape[1];
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", box.dataset.name);
      bar.className = "bar";
      said.className = "said";
      said.setAttribute("role", "status");
      var pen = canvas.getContext("2d"), image = pen.createImageData(canvas.width, canvas.height), area = canvas.width * canvas.height;
      function reading(control) {
        return control.levels[0].map(function (_, k) {
          var sum = 0;
          for (var i = 0; i < size; i++) sum += code[i] * control.filters[i][k];
          return sum;
        });
      }
      function set(control, level) {
        reading(control).forEach(function (now, k) { for (var i = 0; i < size; i++) code[i] += (level[k] - now) * control.pattern[i][k]; });
      }
      function at(control, percent) {
        var place = (percent - 2) / 96 * (control.levels.length - 1), below = Math.min(Math.floor(place), control.levels.length - 2);
        return [control.levels[below][0] + (place - below) * (control.levels[below + 1][0] - control.levels[below][0])];
      }
      function percentOf(control) {
        var value = reading(control)[0], levels = control.levels, last = levels.length - 1;
        for (var i = 0; i < last; i++) if (value < levels[i + 1][0]) break;
        if (i === last) return 98;
        var step = levels[i + 1][0] - levels[i][0], part = step > 0 ? (value - levels[i][0]) / step : 0;
        return Math.round(2 + 96 * (i + Math.min(1, Math.max(0, part))) / last);
      }
      function short(value) { return Number(value.toPrecision(2)); }
      function read() {
        if (moved === null || data.controls[moved].kind !== "quantiles" || !data.read.length) return "";
        var step = Math.round((Number(dials[moved].value) - 2) / 96 * (data.steps - 1));
        var first = ((start * (data.controls.length - 1) + moved) * data.steps + step) * data.columns;
        return words.reads + ": " + data.read.map(function (one) {
          var values = one.columns.map(function (c) { return readings[first + c]; }), told;
          if (one.kind === "categorical") told = one.classes[values.indexOf(Math.max.apply(null, values))];
          else if (one.kind === "binary") told = Math.round(100 * values[0]) + " %";
          else if (one.kind === "cyclic") told = short((Math.atan2(values[1], values[0]) / 2 / Math.PI + 1) % 1 * one.period);
          else told = short(values[0] * one.std + one.mean) + " " + one.unit;
          return one.name + " " + told;
        }).join(", ");
      }
      function show() {
        var x = decode(code), channels = data.shape[0], far = 0;
        for (var i = 0; i < area; i++) {
          for (var c = 0; c < 3; c++) image.data[4 * i + c] = Math.round(255 * x[(channels === 3 ? c : 0) * area + i]);
          image.data[4 * i + 3] = 255;
        }
        pen.putImageData(image, 0, 0);
        for (i = 0; i < size; i++) far += Math.pow((code[i] - data.mean[i]) / data.spread[i], 2) / size;
        var further = data.usual.filter(function (limit) { return limit > far; }).length;
        box.classList.toggle("unusual", further < 2);
        var told = read();
        said.textContent = (further < 2 ? words.unusual : words.usual.replace("{n}", Math.min(100, further - 1))) + (told ? " · " + told : "");
        data.controls.forEach(function (control, k) {
          if (control.kind !== "quantiles") return;
          var now = percentOf(control);
          dials[k].value = now;
          dials[k].nextSibling.textContent = now + " %";
          dials[k].setAttribute("aria-valuetext", now + " %" + (k === moved && told ? ", " + told : ""));
        });
      }
      function begin() {
        code = Float64Array.from(codes.subarray(start * size, (start + 1) * size));
        moved = null;
        show();
      }
      var sliders = make("div", right);
      sliders.className = "sliders";
      right.insertBefore(said, null);
      data.controls.forEach(function (control, k) {
        var label = make("label", sliders), dial;
        make("span", label, control.label).title = control.label;
        if (control.kind === "quantiles") {
          dial = make("input", label);
          dial.type = "range";
          dial.min = 2;
          dial.max = 98;
          make("output", label);
        } else {
          dial = make("select", label);
          control.marks.forEach(function (mark, n) { make("option", dial, mark).value = n; });
        }
        dial.setAttribute("aria-label", box.dataset.name + ", " + control.label);
        dial.addEventListener("input", function () {
          if (control.kind === "quantiles") set(control, at(control, Number(dial.value)));
          else set(control, control.levels[dial.value]);
          moved = control.kind === "quantiles" && (moved === null || moved === k) ? k : data.controls.length - 1;
          show();
        });
        dials.push(dial);
      });
      data.controls.push({ kind: "none" }); // more than one control has moved
      if (data.starts.length > 1) {
        var from = make("select", bar);
        from.setAttribute("aria-label", words.start);
        data.starts.forEach(function (name, n) { make("option", from, words.start + " " + name).value = n; });
        from.addEventListener("input", function () { start = Number(from.value); begin(); });
      }
      make("button", bar, words.reset).addEventListener("click", begin);
      make("button", bar, words.random).addEventListener("click", function () {
        for (var i = 0; i < size; i++) code[i] = data.mean[i] + data.spread[i] * Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
        moved = data.controls.length - 1;
        show();
      });
      box.insertBefore(bench, box.querySelector("h3").nextSibling);
      begin();
    }
    box.live = live;
    if ("IntersectionObserver" in window) new IntersectionObserver(function (seen, watcher) {
      if (seen[0].isIntersecting) { watcher.disconnect(); live(); }
    }, { rootMargin: "400px" }).observe(box);
    else live();
  });

  // Tables: sort by a column, and filter rows where there are many.
  function value(row, column) {
    var cell = row.cells[column];
    var text = cell.hasAttribute("data-sort") ? cell.getAttribute("data-sort") : cell.textContent.trim();
    return text !== "" && isFinite(text) ? Number(text) : text;
  }
  function compare(a, b) {
    if (a === "" || b === "") return a === b ? 0 : a === "" ? 1 : -1;
    if (typeof a === "number" && typeof b === "number") return a - b;
    return String(a).localeCompare(String(b), document.documentElement.lang, { numeric: true });
  }
  document.querySelectorAll("table.data").forEach(function (table) {
    var body = table.tBodies[0], rows = Array.prototype.slice.call(body.rows);
    if (rows.length < 4) return;
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (head, column) {
      var sort = document.createElement("button");
      sort.type = "button";
      sort.className = "sort";
      sort.title = words.sort;
      while (head.firstChild) sort.appendChild(head.firstChild);
      head.appendChild(sort);
      sort.addEventListener("click", function () {
        var up = head.getAttribute("aria-sort") !== "ascending";
        Array.prototype.forEach.call(table.tHead.rows[0].cells, function (other) { other.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        rows.slice().sort(function (a, b) {
          var order = compare(value(a, column), value(b, column));
          return up ? order : -order;
        }).forEach(function (row) { body.appendChild(row); });
      });
    });
    if (rows.length < 13) return;
    var filter = document.createElement("input");
    filter.type = "search";
    filter.className = "filter";
    filter.placeholder = words.filter;
    filter.setAttribute("aria-label", words.filter + ": " + table.caption.textContent);
    filter.addEventListener("input", function () {
      var wanted = filter.value.toLowerCase();
      rows.forEach(function (row) { row.classList.toggle("hidden", row.textContent.toLowerCase().indexOf(wanted) < 0); });
    });
    table.parentElement.insertAdjacentElement("beforebegin", filter);
  });
})();
