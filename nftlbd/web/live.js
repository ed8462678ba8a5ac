/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When what is asked for: events as they come, services when something was
 * changed and every few seconds (304 where nothing was). And the keyboard. */

const POLL_MS = 5000, SLOW_MS = 30000, DETAIL_MS = 10000;

/* ---- what is asked */

let asking = null, again = false;
async function look() {
	const [services, status] = await Promise.all([get('/v1/services?fields=summary', true), get('/v1/status')]);
	view.status = status;
	if (services) {
		view.services = services;
		view.haveServices = true;
	}
	paintHead();
	paintRows();
}
function refresh(details) {
	if (details)
		for (const name of view.open.keys())
			lookAt(name);
	if (asking) {
		again = true;
		return asking;
	}
	asking = look().catch(failed).finally(() => {
		asking = null;
		if (again) {
			again = false;
			refresh(false);
		}
	});
	return asking;
}
async function lookBack() {
	if (view.services.length > MANY)
		return;	/* megabytes: those that are opened have theirs */
	const list = await get('/v1/history'), minutes = list.length ? Math.round(list[0].step_s * list[0].connections.length / 60) : 60;
	view.history = new Map(list.map(h => [h.name, h]));
	view.lately = minutes >= 60 ? 'last hour' : `last ${minutes} min`;
	text($('lately'), view.lately[0].toUpperCase() + view.lately.slice(1));
	paintHead();
	paintRows();
}
async function lookAt(name) {
	const d = view.open.get(name), q = encodeURIComponent(name);
	try {
		const [data, history, log] = await Promise.all([get(`${servicePath(name)}?connections=no`),
			get(`/v1/history?service=${q}`), get(`/v1/events?service=${q}&limit=20`)]);
		Object.assign(d, { data, history: history[0] || null, log });
		d.fail('');
		d.paint();
	} catch (e) {
		d.fail(e.message);
		failed(e);
	}
}
function toggle(name) {
	const d = view.open.get(name);
	if (d) {
		d.node.remove();
		view.open.delete(name);
	} else {
		view.open.set(name, makeDetail(name));
		lookAt(name);
	}
	paintRows();
}
function failed(e) {
	if (e.status === 401)
		signIn(sessionStorage.getItem(TOKEN) ? 'The daemon does not know this token.' : '');
	else if (!e.status)
		paintLive('off');
	else
		say(e.message);
}

/* ---- events, as they come */

const LIVE = { live: 'live', wait: 'connecting', off: 'not connected' };
function paintLive(state) {
	if ($('live').dataset.state === state)
		return;
	$('live').dataset.state = state;
	text($('live'), LIVE[state]);
}

let lastId = 0, stream = null, retryMs = 500, soon = 0;
const touched = new Set();	/* services; null: all */
function happened(e) {
	lastId = e.id;
	view.events.push(e);
	view.events = view.events.slice(-200);
	paintEvents();
	if (e.kind === 'health' || e.kind === 'admin')
		text($('said'), `${[e.service, e.backend].filter(Boolean).join(' ')}: ${PLAIN[e.new] || e.new}. ${e.reason}`);
	touched.add(e.service);
	clearTimeout(soon);
	soon = setTimeout(() => {
		refresh(false);
		[...view.open.keys()].filter(name => touched.has(name) || touched.has(null)).forEach(lookAt);
		touched.clear();
	}, 120);
}
function takeBlock(block) {
	const data = block.split('\n').filter(l => l.startsWith('data:')).map(l => l.slice(5).trim()).join('\n');
	if (!data)
		return;
	const e = JSON.parse(data);
	if (e.id)
		happened(e);
	else
		refresh(true);	/* some were lost */
}
async function listen() {
	/* What was before, so that a daemon that began anew is noticed: its
	 * events have small numbers again. */
	const before = await get('/v1/events?limit=100');
	view.events = before;
	lastId = before.length ? before[before.length - 1].id : 0;
	paintEvents();
	view.version = await get('/v1/version');
	stream = new AbortController();
	const answer = await fetch('/v1/events', { cache: 'no-store', signal: stream.signal,
		headers: headers({ Accept: 'text/event-stream', 'Last-Event-ID': String(lastId) }) });
	if (!answer.ok)
		throw await problem(answer);
	const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
	let rest = '';
	paintLive('live');
	retryMs = 500;
	refresh(true);
	lookBack().catch(failed);
	for (;;) {
		const { value, done } = await reader.read();
		if (done)
			return;
		const blocks = (rest + value).split('\n\n');
		rest = blocks.pop();
		blocks.forEach(takeBlock);
	}
}
async function follow() {
	for (;;) {
		try {
			await listen();
			paintLive('wait');
		} catch (e) {
			if (e.name !== 'AbortError')
				failed(e);
			if (e.status === 401)
				await signedIn();
		}
		await new Promise(r => setTimeout(r, retryMs));
		retryMs = Math.min(retryMs * 1.6, 8000);
	}
}

/* ---- who asks */

let onToken = null;
const signedIn = () => new Promise(r => { onToken = r; });
function useToken(token) {
	if (token)
		sessionStorage.setItem(TOKEN, token);
	else
		sessionStorage.removeItem(TOKEN);
	etags.clear();
	retryMs = 50;
	if (onToken)
		onToken();
	onToken = null;
	if (stream)
		stream.abort();
}
function signIn(words) {
	const dialog = $('dialog');
	if (dialog.open)
		return;
	const input = el('input', { id: 'token', type: 'password', autocomplete: 'off', required: true, minlength: 16 });
	replace(dialog, el('form', { method: 'dialog', onsubmit: e => { e.preventDefault(); dialog.close(); useToken(input.value.trim()); } },
		el('h2', { id: 'dialog-title' }, 'Sign in'),
		words ? el('p', { class: 'error', role: 'alert' }, words) : null,
		el('p', {}, 'A token of api-token-file. This tab keeps it until it is closed.'),
		el('label', { for: 'token' }, 'Token'), input,
		el('div', { class: 'acts' }, el('button', { type: 'button', onclick: () => dialog.close() }, 'Cancel'),
			el('button', { type: 'submit', class: 'main' }, 'Sign in'))));
	dialog.showModal();
	input.focus();
}

/* ---- colours */

const THEMES = [['system', '◐', 'as the system'], ['light', '☀', 'light'], ['dark', '☾', 'dark']];
const systemDark = matchMedia('(prefers-color-scheme: dark)');
function paintTheme() {
	const saved = localStorage.getItem('nftlb-theme') || 'system', t = THEMES.find(x => x[0] === saved) || THEMES[0];
	document.documentElement.toggleAttribute('data-dark', t[0] === 'dark' || t[0] === 'system' && systemDark.matches);
	text($('theme'), t[1]);
	attr($('theme'), 'aria-label', `Colours: ${t[2]}`);
	attr($('theme'), 'title', `Colours: ${t[2]}`);
}
function nextTheme() {
	const i = THEMES.findIndex(x => x[0] === (localStorage.getItem('nftlb-theme') || 'system'));
	localStorage.setItem('nftlb-theme', THEMES[(i + 1) % THEMES.length][0]);
	paintTheme();
	say($('theme').getAttribute('aria-label'));
}

/* ---- the keyboard */

function step(by) {
	const all = [...document.querySelectorAll('button.name')], at = all.indexOf(document.activeElement);
	const next = all[at < 0 ? 0 : Math.max(0, Math.min(all.length - 1, at + by))];
	if (next) {
		next.focus();
		next.scrollIntoView({ block: 'nearest' });
	}
}
const KEYS = [
	['/', 'to the filter', () => $('filter').focus()],
	['j', 'next service', () => step(1)],
	['k', 'service before', () => step(-1)],
	['p', 'only those with problems, or all', () => stateButtons.get('problems').click()],
	['t', 'colours: system, light, dark', nextTheme],
	['r', 'ask again now', () => refresh(true)],
	['?', 'this help', () => help()],
];
function help() {
	const dialog = $('dialog');
	replace(dialog, el('h2', { id: 'dialog-title' }, 'Keyboard'),
		el('dl', {}, [...KEYS, ['Enter', 'open or close the service'], ['Esc', 'empty the filter, close a dialog'], ['Tab', 'everything, in order']].map(([k, t]) => [el('dt', {}, el('kbd', {}, k)), el('dd', {}, t)])),
		el('div', { class: 'acts' }, el('button', { type: 'button', class: 'main', onclick: () => dialog.close() }, 'Close')));
	dialog.showModal();
}
document.addEventListener('keydown', e => {
	if (e.ctrlKey || e.metaKey || e.altKey || $('dialog').open)
		return;
	if (e.key === 'Escape' && e.target === $('filter')) {
		$('filter').value = view.filter = '';
		$('filter').blur();
		paintRows();
	}
	if (e.target.closest && e.target.closest('input'))
		return;
	const key = KEYS.find(k => k[0] === e.key);
	if (key) {
		e.preventDefault();
		key[2]();
	}
});

/* ---- begin */

$('theme').addEventListener('click', nextTheme);
$('help').addEventListener('click', help);
$('account').addEventListener('click', () => mayChange() && sessionStorage.getItem(TOKEN) ? (useToken(null), say('The token is forgotten.')) : signIn(''));
systemDark.addEventListener('change', paintTheme);
addEventListener('storage', paintTheme);
paintTheme();
setUpList();
text($('foot'), 'Also for programs: /v1/openapi.json, /metrics; for terminals: nftlbctl top.');
const visible = f => () => { if (!document.hidden && view.haveServices) f(); };
setInterval(visible(() => refresh(false)), POLL_MS);
setInterval(visible(() => lookBack().catch(failed)), SLOW_MS);
setInterval(visible(() => [...view.open.keys()].forEach(lookAt)), DETAIL_MS);
document.addEventListener('visibilitychange', () => { if (!document.hidden) refresh(true); });
follow();
