export HOME=/tmp GIT_AUTHOR_DATE=2026-01-01T00:00:00Z GIT_COMMITTER_DATE=2026-01-01T00:00:00Z
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
cd /tmp; git init -q -b main proof; cd proof
for i in 1 2 3 4 5; do seq $i 200 > file$i; git add .; git commit -qm "change $i"; done
git log --oneline; git diff --stat HEAD~2; git branch topic HEAD~1; git checkout -q topic
echo more >> file1; git commit -qam topic; git checkout -q main; git merge -q -m merged topic; git log --oneline --graph | head -4
git gc -q; git fsck; git clone -q . ../clone; git -C ../clone log --oneline | wc -l; git -C ../clone status -s; git archive HEAD | md5sum
git blame -s file1 | tail -1; git show --stat HEAD~1 | tail -2; git stash list; git grep -c 199
cd /; rm -rf /tmp/proof /tmp/clone
