#!/usr/bin/env bash
# Slurm 22.05.8 (Debian 12): in the last element of a job array SLURM_JOB_ID is the number of the whole array, so that
# "scontrol requeue $SLURM_JOB_ID", which checkpointing scripts do near their time limit, has all elements run again from
# that one: those at work are killed, those that were COMPLETED run anew. In every other element the same line is about
# that element alone. "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID" always is. No error and no warning is given.
# Seen: element 0, COMPLETED, is started twice after element 2 of 0-2 had itself queued again; by its own name, once.
set -euo pipefail
folder=$(mktemp -d)
daemons=()
trap 'kill -9 "${daemons[@]}" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
version=22.05.8-4+deb12u3
apt-get download -qq -o APT::Sandbox::User=root libmunge2 {slurmctld,slurmd,slurm-client,slurm-wlm-basic-plugins}=$version
for package in *.deb; do dpkg-deb -x "$package" slurm; done
mkdir state spool
libraries="$folder/slurm/usr/lib/x86_64-linux-gnu"
me=$(id -un)
cat >slurm.conf <<CONF
ClusterName=finding
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=36817
SlurmdPort=36818
SlurmUser=$me
SlurmdUser=$me
AuthType=auth/none
AuthInfo=cred_expire=5
CredType=cred/none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
SchedulerParameters=bf_interval=1,sched_interval=2
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/controller.pid
SlurmdPidFile=$folder/node.pid
SlurmctldLogFile=$folder/controller.log
SlurmdLogFile=$folder/node.log
PluginDir=$libraries/slurm-wlm
CommunicationParameters=NoInAddrAny
NodeName=localhost NodeAddr=127.0.0.1 CPUs=8 RealMemory=1000
PartitionName=all Nodes=ALL Default=YES State=UP
CONF
export SLURM_CONF="$folder/slurm.conf" LD_LIBRARY_PATH="$libraries:$libraries/slurm-wlm" PATH="$folder/slurm/usr/bin:$PATH"
controller() { "$folder/slurm/usr/sbin/slurmctld-wlm" -D -f "$SLURM_CONF" >/dev/null 2>&1 & daemons+=($!); }
controller
"$folder/slurm/usr/sbin/slurmd-wlm" -D -f "$SLURM_CONF" -N localhost -d "$folder/slurm/usr/sbin/slurmstepd-wlm" >/dev/null 2>&1 &
daemons+=($!)
until [ "$(sinfo -h -o %T 2>/dev/null)" = idle ]; do sleep 0.2; done

# Element 0 ends at once, element 1 never does, element 2 has itself queued again by the name that is given, once.
cat >task.sbatch <<'TASK'
#!/bin/bash
#SBATCH --array=0-2 --requeue --open-mode=append --output=%A_%a.out
echo started
case $SLURM_ARRAY_TASK_ID in
  1) sleep 600 ;;
  2) sleep 2; [ -n "$SLURM_RESTART_COUNT" ] || scontrol requeue "$(eval echo "$1")" ;;
esac
TASK

# Starts of element 0 until element 2 has come to its end.
starts() {
  local job=$(sbatch --parsable task.sbatch "$1")
  until [ "$(grep -c started "${job}_2.out" 2>/dev/null)" = 2 ]; do sleep 0.5; done
  sleep 3
  scancel "$job"
  until [ -z "$(squeue -h)" ]; do sleep 0.2; done
  grep -c started "${job}_0.out"
}
by_number=$(starts '$SLURM_JOB_ID')
by_name=$(starts '${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID')
echo "starts of the completed element 0: $by_number by \$SLURM_JOB_ID, $by_name by its own name"
[ "$by_number" = 2 ] && [ "$by_name" = 1 ]
