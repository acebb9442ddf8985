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
    document.querySelectorAll("main > section").forEach(function (section) { watcher.observe(section); });
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

  // Open all; and, while printing, whatever was closed.
  var all = Array.prototype.slice.call(document.querySelectorAll("details")), closed = [];
  var button = document.createElement("button");
  button.type = "button";
  button.textContent = words.open;
  button.addEventListener("click", function () {
    var open = button.textContent === words.open;
    all.forEach(function (d) { d.open = open; });
    button.textContent = open ? words.close : words.open;
  });
  tools.appendChild(button);
  window.addEventListener("beforeprint", function () {
    closed = all.filter(function (d) { return !d.open; });
    closed.forEach(function (d) { d.open = true; });
  });
  window.addEventListener("afterprint", function () { closed.forEach(function (d) { d.open = false; }); });

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
      said.textContent = map.names.map(function (name, panel) {
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
