"use strict";
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const all = (where, what) => Array.from(where.querySelectorAll(what));
  const make = (tag, name, text) => {
    const one = document.createElement(tag);
    if (name) one.className = name;
    if (text !== undefined) one.textContent = text;
    return one;
  };
  const KINDS = { s: "store", l: "load", u: "unlock" };

  /* Copying: where a page may not use the clipboard, what is selected is copied. */
  async function copy(button) {
    const pre = button.parentNode.querySelector("pre");
    let done = true;
    try {
      await navigator.clipboard.writeText(pre.textContent);
    } catch (refused) {
      const range = document.createRange();
      range.selectNodeContents(pre);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      done = document.execCommand("copy");
    }
    button.textContent = done ? "Copied" : "Selected";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  }
  all(document, ".copy").forEach((button) => button.addEventListener("click", () => copy(button)));

  /* One execution: a range input is the place in it, and all that is shown follows. */
  function Walk(box) {
    const name = box.dataset.walk, w = data.walks[name];
    const input = box.querySelector("input"), output = box.querySelector("output");
    const doing = box.querySelector(".doing"), cpus = box.querySelector(".cpus");
    const rows = box.querySelector(".words tbody"), svg = document.getElementById(name + "-timeline");
    const cursor = svg.querySelector(".cursor"), last = w.v.length - 1;
    const [wide, narrow] = svg.dataset.steps.split(" ").map(Number), noticed = new Set(w.m);
    const gaps = new Map(w.gaps), places = [];
    w.v.reduce((x, _, i) => {
      places.push(x + (gaps.get(i) || 0));
      return places[i] + (noticed.has(i) ? wide : narrow);
    }, Number(svg.dataset.x));
    const kind = (i) => w.k[i] === "l" && w.a[i] < 0 ? "lock" : KINDS[w.k[i]];
    const own = w.vcpus.map((_, vcpu) => w.v.map((v, i) => v === vcpu ? i : -1).filter((i) => i >= 0));
    const columns = w.vcpus.map((title, vcpu) => {
      const one = make("section", "cpu");
      one.append(make("h4", "", title), make("p"), make("pre"));
      one.querySelector("pre").tabIndex = 0;
      if (own[vcpu].length && own[vcpu].some((i) => w.p[i] >= 0)) cpus.append(one);
      return one;
    });
    const words = w.words.map(([text]) => {
      const row = make("tr");
      row.append(make("td", "", text), make("td"), make("td"));
      rows.append(row);
      return row;
    });

    /* Of a lock the line is not known, but that of what its VCPU does next. */
    const known = (vcpu, step) => own[vcpu].find((at) => at >= step && w.p[at] >= 0);
    function source(column, step, isNow) {
      const pre = column.querySelector("pre"), place = data.places[w.p[step]];
      pre.textContent = "";
      if (!place) return "";
      const file = data.files[place[1]] || {};
      Object.keys(file).map(Number).filter((at) => Math.abs(at - place[2]) <= 3).sort((a, b) => a - b)
        .forEach((at) => {
          const [number, text] = file[at];
          pre.append(make("span", at === place[2] ? (isNow ? "line" : "line next") : "",
            String(number || "+").padStart(5) + "  " + text));
        });
      const number = (file[place[2]] || [place[2]])[0];
      return place[0] + "(), " + place[1] + (number ? ":" + number : "");
    }

    function act(i) {
      const value = w.a[i] < 0 ? "" : " = " + w.values[w.a[i]];
      return kind(i) + " " + data.names[w.n[i]] + value;
    }

    function whole(i) {
      const place = data.places[w.p[i]];
      if (!place) return act(i);
      const number = ((data.files[place[1]] || {})[place[2]] || [place[2]])[0];
      return place[0] + "(), " + place[1] + (number ? ":" + number : "") + ": " + act(i);
    }

    function show(i) {
      input.value = i;
      output.textContent = i + 1;
      const said = w.events.filter((e) => e[0] === i).map((e) => w.vcpus[e[1]] + ": " + e[2]);
      doing.textContent = w.vcpus[w.v[i]] + ": " + act(i) + (said.length ? "   [" + said.join("; ") + "]" : "");
      columns.forEach((column, vcpu) => {
        const isNow = w.v[i] === vcpu;
        const next = isNow ? i : own[vcpu].find((at) => at > i);
        column.classList.toggle("now", isNow);
        const shown = next === undefined ? own[vcpu][own[vcpu].length - 1] : next;
        if (shown === undefined) return;
        const near = known(vcpu, shown), exact = near === shown;
        const where = source(column, near === undefined ? shown : near, isNow && exact);
        column.querySelector("p").textContent = (isNow ? (exact ? "executes " : act(i) + ", before ") : next === undefined ? "is done, after " :
          own[vcpu][0] > i ? "has not begun; first " : "next ") + where;
      });
      const before = w.words.map((word) => word[1]), after = before.slice();
      for (const [step, word, value] of w.changes) {
        if (step > i) break;
        if (step < i) before[word] = value;
        after[word] = value;
      }
      words.forEach((row, at) => {
        row.children[1].textContent = w.values[before[at]];
        row.children[2].textContent = w.values[after[at]];
        row.classList.toggle("changed", before[at] !== after[at]);
      });
      const x = places[i] + (noticed.has(i) ? wide / 2 : narrow / 2);
      cursor.setAttribute("x1", x);
      cursor.setAttribute("x2", x);
      box.dataset.step = i;
    }
    const go = (i) => show(Math.max(0, Math.min(last, i)));
    const now = () => Number(input.value);
    function event(forward) {
      const steps = w.events.map((e) => e[0]).concat(w.stops).sort((a, b) => a - b);
      const next = forward ? steps.find((at) => at > now()) : steps.filter((at) => at < now()).pop();
      go(next === undefined ? (forward ? last : 0) : next);
    }
    function matters() {
      const next = w.stops.find((at) => at > now());
      go(next === undefined ? (w.stops.length ? w.stops[0] : (w.events.filter((e) => / = /.test(e[2])).pop() || [last])[0]) : next);
    }
    input.addEventListener("input", () => show(now()));
    input.addEventListener("keydown", (e) => {
      if (e.key !== "PageUp" && e.key !== "PageDown") return;
      e.preventDefault();
      event(e.key === "PageDown");
    });
    all(box, "button").forEach((button) => button.addEventListener("click", () => {
      const what = button.dataset.go;
      if (what === "jump") matters();
      else if (what === "event" || what === "-event") event(what === "event");
      else go(now() + Number(what));
    }));
    show(0);

    /* Marks of the timeline: one of them takes the focus, and arrow keys go from one to the next. */
    const marks = all(svg, ".mark").sort((a, b) => a.dataset.step - b.dataset.step);
    const text = svg.closest(".case").querySelector(".mark-text");
    const say = (mark) => { text.textContent = mark.querySelector("title").textContent; };
    marks.forEach((mark, at) => {
      if (!mark.querySelector("title")) {
        const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
        title.textContent = whole(Number(mark.dataset.step));
        mark.append(title);
      }
      mark.setAttribute("tabindex", "-1");
      mark.setAttribute("role", "img");
      mark.setAttribute("aria-label", mark.querySelector("title").textContent);
      mark.addEventListener("mouseenter", () => say(mark));
      mark.addEventListener("focus", () => { say(mark); go(Number(mark.dataset.step)); });
      mark.addEventListener("click", () => mark.focus());
      mark.addEventListener("keydown", (e) => {
        const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: marks.length - 1 }[e.key];
        if (to === undefined || !marks[to]) return;
        e.preventDefault();
        mark.setAttribute("tabindex", "-1");
        marks[to].setAttribute("tabindex", "0");
        marks[to].focus();
      });
    });
    if (marks.length) marks[0].setAttribute("tabindex", "0");
  }
  const boxes = all(document, "[data-walk]");
  const begin = (box) => {
    if (box.dataset.step === undefined) Walk(box);
  };
  boxes.forEach((box) => {
    const part = box.closest("details");
    if (part.open) begin(box);
    part.addEventListener("toggle", () => begin(box));
  });

  /* A link to a part opens it. */
  function arrive() {
    const part = location.hash && document.getElementById(location.hash.slice(1));
    if (part && part.tagName === "DETAILS") {
      part.open = true;
      part.scrollIntoView();
    }
  }
  addEventListener("hashchange", arrive);
  arrive();
  addEventListener("beforeprint", () => all(document, "details.case").forEach((one) => { one.open = true; }));

  /* Tables are sorted by a column: numbers as numbers. */
  all(document, ".sortable").forEach((table) => {
    const heads = all(table, "th"), body = table.querySelector("tbody");
    heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      const key = (row) => row.children[column].textContent.replace(/,/g, "");
      const less = (a, b) => {
        const x = key(a), y = key(b), n = x - y;
        return isNaN(n) || x === "" || y === "" ? x.localeCompare(y) : n;
      };
      all(body, "tr").sort((a, b) => up ? less(a, b) : less(b, a)).forEach((row) => body.append(row));
      heads.forEach((one) => one.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
    }));
  });
})();
