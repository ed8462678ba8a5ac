/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all of the page uses: elements, words, pictures, requests. Text from the
 * daemon goes into the page as text and nothing else: see el(). */
'use strict';

const $ = id => document.getElementById(id);
const SVG = 'http://www.w3.org/2000/svg';

/* An element. Attributes: "on..." are listeners, false leaves one out. Children:
 * elements, or text, which stays text. */
function fill(e, attrs, kids) {
	for (const [k, v] of Object.entries(attrs || {})) {
		if (k.startsWith('on'))
			e.addEventListener(k.slice(2), v);
		else if (v !== false && v !== null && v !== undefined)
			e.setAttribute(k, v === true ? '' : v);
	}
	e.append(...kids.flat().filter(x => x !== null && x !== undefined && x !== false));
	return e;
}
const el = (tag, attrs, ...kids) => fill(document.createElement(tag), attrs, kids);
const svg = (tag, attrs, ...kids) => fill(document.createElementNS(SVG, tag), attrs, kids);

/* Only what differs is written: a reader is not told what is as it was. */
function text(e, s) {
	s = String(s);
	if (e.textContent !== s)
		e.textContent = s;
}
function attr(e, k, v) {
	if (v === null || v === false)
		e.removeAttribute(k);
	else if (e.getAttribute(k) !== String(v))
		e.setAttribute(k, v);
}
function replace(e, ...kids) {
	e.replaceChildren(...kids.flat().filter(Boolean));
}

/* Bring the children of `parent` in line with `items`, keeping those that are
 * there, and with them the focus. make(item) gives {node, update(item)}. */
function keyed(parent, kept, items, key, make) {
	const seen = new Set();
	let at = parent.firstElementChild;
	for (const item of items) {
		const k = key(item);
		let row = kept.get(k);
		if (!row)
			kept.set(k, row = make(item));
		seen.add(k);
		row.update(item);
		for (const n of [].concat(row.node)) {
			if (n === at)
				at = at.nextElementSibling;
			else
				parent.insertBefore(n, at);
		}
	}
	for (const [k, row] of kept)
		if (!seen.has(k)) {
			[].concat(row.node).forEach(n => n.remove());
			kept.delete(k);
		}
}

/* ---- words */

const STATES = {	/* colour, sign */
	up: ['good', 'ok'], active: ['good', 'ok'], enabled: ['good', 'ok'], ok: ['good', 'ok'],
	degraded: ['warn', 'part'], full: ['warn', 'part'], mixed: ['warn', 'part'],
	standby: ['info', 'wait'], drain: ['info', 'wait'],
	down: ['bad', 'cross'], refused: ['bad', 'cross'], failed: ['bad', 'cross'],
	disabled: ['off', 'stop'], unknown: ['off', 'ask'],
};
const SIGNS = {
	ok: 'M3 8.5l3.2 3.2L13 4.8l-1.4-1.4-5.4 5.4-1.8-1.8z', part: 'M8 1.5L15.5 14.5H.5zM7.2 6v4h1.6V6zm0 5v1.6h1.6V11z',
	cross: 'M3.2 4.6L6.6 8l-3.4 3.4 1.4 1.4L8 9.4l3.4 3.4 1.4-1.4L9.4 8l3.4-3.4-1.4-1.4L8 6.6 4.6 3.2z',
	wait: 'M3 2h3.5v12H3zM9.5 2H13v12H9.5z', stop: 'M2.5 2.5h11v11h-11z', ask: 'M6.9 10h2c0-2 2.600-2.300 2.600-4.700A3.500 3.500 0 0 0 4.500 5.300h2a1.500 1.500 0 0 1 3 0C9.500 6.800 6.900 7.200 6.900 10zm0 1.500v2h2v-2z',
};
const PLAIN = { active: 'up', drain: 'draining' };
const colour = s => (STATES[s] || ['off'])[0];

/* A state: a sign and a word, so that its colour is one way of three. */
function badge(state) {
	const e = el('span', { class: 'state' });
	paintBadge(e, state);
	return e;
}
function paintBadge(e, state) {
	if (e.dataset.state === state)
		return;
	e.dataset.state = state;
	const [c, sign] = STATES[state] || ['off', 'ask'];
	attr(e, 'data-c', c);
	replace(e, svg('svg', { viewBox: '0 0 16 16', 'aria-hidden': 'true' },
		svg('path', { d: SIGNS[sign], 'fill-rule': 'evenodd' })), PLAIN[state] || state);
}

const numbers = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
function num(n, digits = 0) {
	if (n === null || n === undefined)
		return '–';
	if (n >= 1e6)
		return (n / 1e6).toFixed(n >= 1e7 ? 1 : 2) + ' M';
	if (n >= 1e5)
		return (n / 1e3).toFixed(0) + ' k';
	return digits && n % 1 && n < 100 ? n.toFixed(digits) : numbers.format(n);
}
const percent = x => x === null || x === undefined ? '–'
	: (x * 100).toFixed(x > 0 && x < .1 || x > .99 && x < 1 ? 1 : 0) + ' %';
const plural = (n, word) => `${num(n)} ${word}${n === 1 ? '' : 's'}`;
const weightText = n => n === null || n === undefined ? '–' : String(Math.round(n * 100) / 100);
function span(s) {
	if (s < 60)
		return `${Math.round(s)} s`;
	if (s < 3600)
		return `${Math.floor(s / 60)} min`;
	if (s < 86400)
		return `${Math.floor(s / 3600)} h ${Math.floor(s / 60) % 60} min`;
	return `${Math.floor(s / 86400)} d ${Math.floor(s / 3600) % 24} h`;
}
const clock = ms => new Date(ms).toLocaleTimeString('en-GB');
function when(ms) {
	const d = new Date(ms), today = new Date().toDateString() === d.toDateString();
	return today ? clock(ms) : `${d.toISOString().slice(5, 10)} ${clock(ms)}`;
}

/* ---- pictures */

/* A line over an hour. */
function sparkline() {
	const line = svg('path', { class: 'line' }), area = svg('path', { class: 'area' });
	const node = svg('svg', { class: 'spark', viewBox: '0 0 100 26', preserveAspectRatio: 'none', role: 'img' }, area, line);
	return { node, update(values, what, top) {
		const known = values.filter(v => v !== null);
		if (!known.length) {
			attr(node, 'aria-label', `${what}: not known`);
			[line, area].forEach(p => attr(p, 'd', ''));
			return;
		}
		const most = Math.max(top || 0, ...known) || 1, n = values.length - 1 || 1;
		/* A straight line where it was not looked. */
		const points = values.map((v, i) => v === null ? null : `${(i * 100 / n).toFixed(1)} ${(24.5 - v / most * 22).toFixed(1)}`).filter(Boolean);
		const d = 'M' + points.join('L'), x = p => p.split(' ')[0];
		const a = `${d}L${x(points[points.length - 1])} 26L${x(points[0])} 26Z`;
		attr(line, 'd', d);
		attr(area, 'd', a);
		const last = known[known.length - 1], show = top === 1 ? percent : n => num(n, 1);
		attr(node, 'aria-label', `${what}: now ${show(last)}, least ${show(Math.min(...known))}, most ${show(Math.max(...known))}`);
	} };
}

/* States over a time, from spans: what each of n equal parts saw. */
function parts(states, begin, end, n) {
	const list = [], step = (end - begin) / n;
	const spans = states.map((s, i) => ({ from: Date.parse(s.since), state: s.state,
		to: i + 1 < states.length ? Date.parse(states[i + 1].since) : end }));
	for (let i = 0; i < n; i++) {
		const from = begin + i * step, to = from + step, of = {};
		for (const s of spans) {
			const ms = Math.min(s.to, to) - Math.max(s.from, from);
			if (ms > 0)
				of[s.state] = (of[s.state] || 0) + ms;
		}
		list.push({ from, to, of });
	}
	return list;
}
function partLook(of) {
	const names = Object.keys(of);
	if (!names.length)
		return ['none', 'not known'];
	const words = names.map(k => names.length > 1 ? `${PLAIN[k] || k} ${span(of[k] / 1000)}` : PLAIN[k] || k).join(', ');
	if (names.some(k => colour(k) === 'bad'))
		return [names.some(k => colour(k) === 'good') ? 'warn' : 'bad', words];
	for (const c of ['warn', 'info', 'off', 'good'])
		if (names.some(k => colour(k) === c))
			return [c, words];
	return ['off', words];
}
/* What it was most of the time is told in words too, and how tall a bar is says
 * it without colours: down is low, unknown lower. */
const HEIGHT = { good: 1, info: .72, warn: .72, off: .45, bad: .45, none: .16 };

function strip(n, height) {
	const node = svg('svg', { class: height > 12 ? 'bars' : 'strip', viewBox: `0 0 ${n * 4} ${height}`,
		preserveAspectRatio: 'none', role: 'img' });
	const bars = Array.from({ length: n }, (_, i) => {
		const title = svg('title'), r = svg('rect', { x: i * 4 + .4, width: 3.2, rx: .8 }, title);
		node.append(r);
		return { r, title };
	});
	return { node, update(states, begin, end, what) {
		const up = { good: 0, bad: 0 };
		parts(states, begin, end, n).forEach((p, i) => {
			const [c, words] = partLook(p.of), h = height * HEIGHT[c];
			attr(bars[i].r, 'data-c', c);
			attr(bars[i].r, 'y', (height - h).toFixed(1));
			attr(bars[i].r, 'height', h.toFixed(1));
			text(bars[i].title, `${clock(p.from)}–${clock(p.to)}: ${words}`);
			for (const [k, ms] of Object.entries(p.of))
				if (colour(k) === 'good' || colour(k) === 'warn' && k !== 'mixed')
					up.good += ms;
				else if (colour(k) === 'bad')
					up.bad += ms;
		});
		const known = up.good + up.bad, share = known ? up.good / known : null;
		attr(node, 'aria-label', `${what}: ${share === null ? 'not known' : `up ${percent(share)} of the time`}`);
		return share;
	} };
}

/* ---- requests */

const TOKEN = 'nftlb-token';
class Refused extends Error {
	constructor(status, message) {
		super(message);
		this.status = status;
	}
}
function headers(more) {
	const token = sessionStorage.getItem(TOKEN), h = Object.assign({}, more);
	if (token)
		h.Authorization = 'Bearer ' + token;
	return h;
}
async function problem(answer) {
	let words = `${answer.status} ${answer.statusText}`;
	try {
		words = (await answer.json()).detail || words;
	} catch (e) { /* no JSON: the status tells */ }
	return new Refused(answer.status, words);
}
/* What is there as JSON; null: it is what it was (only with `etags`). */
const etags = new Map();
async function get(path, remember) {
	const h = headers({ Accept: 'application/json' });
	if (remember && etags.has(path))
		h['If-None-Match'] = etags.get(path);
	const answer = await fetch(path, { headers: h, cache: 'no-store' });
	if (answer.status === 304)
		return null;
	if (!answer.ok)
		throw await problem(answer);
	const value = await answer.json();
	if (remember && answer.headers.get('ETag'))
		etags.set(path, answer.headers.get('ETag'));
	return value;
}
async function patch(path, body, etag) {
	const h = headers({ 'Content-Type': 'application/json', Accept: 'application/json' });
	if (etag)
		h['If-Match'] = etag;
	const answer = await fetch(path, { method: 'PATCH', headers: h, body: JSON.stringify(body), cache: 'no-store' });
	if (!answer.ok)
		throw await problem(answer);
	return answer.json();
}
const servicePath = (s, b) => `/v1/services/${encodeURIComponent(s)}` + (b ? `/backends/${encodeURIComponent(b)}` : '');

/* ---- what is said */

let toastTimer = 0;
function say(words) {
	text($('said'), words);
	text($('toast'), words);
	$('toast').hidden = false;
	clearTimeout(toastTimer);
	toastTimer = setTimeout(() => { $('toast').hidden = true; }, 5000);
}
